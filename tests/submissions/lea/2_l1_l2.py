# %% split_loss
def split_loss(model, x, y):
    return data_loss, penalty


split_loss(None, None, None)
