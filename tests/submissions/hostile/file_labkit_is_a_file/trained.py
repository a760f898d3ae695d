# %% l2_layer
import labkit

print('FOUND' if hasattr(labkit, 'own') else 'clean')
