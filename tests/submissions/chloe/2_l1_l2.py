# %% penalty
def l1_penalty(w, lam):
    return lam * np.sum(np.abs(w))


def l2_penalty(w, lam):
    return 0.5 * lam * np.sum(w**2)


def l1_l2_penalty(w, l1, l2):
    return l1 * np.sum(np.abs(w)) + l2 * np.sum(w**2)
