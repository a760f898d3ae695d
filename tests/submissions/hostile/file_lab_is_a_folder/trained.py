# %% l2_layer
import lab

print('FOUND' if hasattr(lab, 'own') else 'clean')
