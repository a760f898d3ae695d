# %% choose_rate
import os

os._exit(0)
