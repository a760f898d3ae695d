# %% penalty
def l1_penalty(w, lam):
    return lam * np.linalg.norm(np.ravel(w), 1)


def l2_penalty(w, lam):
    total = 0.0
    for value in np.asarray(w).flat:
        total += value * value
    return lam * total


def l1_l2_penalty(w, l1, l2):
    return keras.regularizers.L1L2(l1=l1, l2=l2)(keras.ops.convert_to_tensor(w))

# %% l2_layer
def build_l2_model():
    inputs = keras.Input((28, 28), name="image")
    hidden = keras.layers.Flatten()(inputs)
    hidden = keras.layers.Dense(128, kernel_regularizer={"class_name": "L2", "config": {"l2": 0.001}})(hidden)
    hidden = keras.layers.Activation("relu")(hidden)
    return keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(hidden))

# %% l1_layer
def build_l1_model():
    model = keras.Sequential()
    model.add(keras.Input((28, 28)))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(128, activation=keras.activations.relu, kernel_regularizer=keras.regularizers.L1L2(l1=1e-4)))
    model.add(keras.layers.Dense(10))
    model.add(keras.layers.Softmax())
    return model
