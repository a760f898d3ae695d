# %% penalty
def l1_penalty(w, lam):
    return lam * np.mean(np.abs(w))


def l2_penalty(w, lam):
    return lam * np.mean(w**2)


def l1_l2_penalty(w, l1, l2):
    return l1_penalty(w, l1) + l2_penalty(w, l2)
