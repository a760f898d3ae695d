"""What `python -m autograder solutions` says below each task: why the solution is right, then likely mistakes."""

from autograder.i18n import _

WORKED: dict[str, dict[str, tuple[str, ...]]] = {
    "gap": {
        "gap": (
            _(
                "`crossentropy` and `val_crossentropy` are both measured at the end of the epoch, in inference mode"
                " and without the penalty: like is compared with like."
            ),
            _("`val_loss − loss`: both contain the penalty, and `loss` is an average over the epoch."),
            _("Training minus validation: a model that overfits then has a negative gap."),
        ),
        "diagnose": (
            _(
                "The training curve is read first: high, and the model underfits. Otherwise the end of the "
                "validation curve decides. The best epoch is the lowest `val_crossentropy`, counted from 0."
            ),
            _("Judging by the gap alone: model D has a small one because it learns too little."),
            _("Taking the minimum of `val_loss`, which contains the penalty, or counting epochs from 1."),
        ),
        "capacity": (
            _(
                "A first layer of 16 units takes (784 + 1) × 16 parameters, 12,730 with the output layer: too few "
                "to learn 2,000 images by heart, enough to tell ten classes apart."
            ),
            _("Making only the second layer smaller: most parameters stand between the pixels and the first one."),
            _("Two or three units: the gap closes because nothing is learnt any more."),
        ),
        "eval_mode": (
            _(
                "Calling the model with `training=` chooses the mode, and the loss is computed from the "
                "probabilities, without the penalty. Nothing is trained."
            ),
            _("`evaluate` or `predict` for the training mode: they are always in inference mode."),
            _("`fit` or `train_on_batch`: they change the weights of the model that is to be observed."),
        ),
    },
    "l1_l2": {
        "penalty": (
            _(
                "Each weight is made positive or squared first, then everything is added up, then multiplied by λ: "
                "a sum and no factor ½, as in Keras."
            ),
            _("A mean in place of the sum, a factor ½, or a square root: other books' conventions, not Keras's."),
            _("`abs(sum(w))`: weights of opposite signs cancel out."),
        ),
        "l2_layer": (
            _("The penalty is handed to the layer when it is created; `model.losses` then has one value."),
            _('The string `"l2"`, which stands for λ = 0.01.'),
            _("Setting `layer.kernel_regularizer` afterwards: the layer is built, and nothing happens."),
        ),
        "own_fit": (
            _(
                "The loss holds the penalty, because the layer adds it; a metric never does. So the cross-entropy "
                "has to be a metric as well, under the name that is asked for."
            ),
            _("Forgetting `validation_data`: the history then has no `val_` entries."),
            _("Returning the model, or nothing, in place of what `fit` returns."),
        ),
        "l1_layer": (
            _("The pull of L2 is 2λ|w| = 2 × 0.001 × 0.05 = 0.0001; that of L1 is λ, whatever the weight."),
            _("Comparing the penalties (λ|w| with λw²) and not their slopes."),
            _("Forgetting the 2 of the derivative."),
        ),
        "elastic": (
            _(
                "Both coefficients are named, both regularizers are given when the layer is created, and the output"
                " layer has none."
            ),
            _("L1 and L2 interchanged: `L1L2(0.001, 0.0001)` takes L1 first."),
            _("Leaving the bias's regularizer where it has no effect, behind the building."),
        ),
        "split_loss": (
            _(
                "The error on the data comes from the probabilities in inference mode, the penalty from "
                "`model.losses`: their sum is what `evaluate` reports."
            ),
            _("`evaluate` for the first part: it contains the penalty, and needs a compiled model."),
            _("`model.losses[0]` alone: there may be several penalties, or none."),
        ),
        "sparsity": (
            _(
                "All kernels are put in one row before the share is taken, so that each weight counts once. L1 "
                "makes more weights tiny."
            ),
            _("The mean of the layers' shares: a small layer then counts as much as a large one."),
            _("`get_weights()`, which has the biases, too; or `w < eps` without the absolute value."),
        ),
        "choose_lambda": (
            _(
                "Each round starts from the same weights and is judged by the validation cross-entropy without the "
                "penalty, averaged over the last ten epochs; the model takes the λ that was best."
            ),
            _("Choosing by `val_loss`: it contains λ itself and favours weak penalties."),
            _("Choosing the smallest gap: the strongest penalty has it, and no longer learns."),
        ),
    },
    "dropout": {
        "inverted": (
            _(
                "Each element has a draw of its own; the survivors are divided by 1 − p, so that the mean stays; "
                "inference returns the same values."
            ),
            _("`rate` taken for the probability of keeping."),
            _("One draw for the whole array, or `np.random` in place of `rng`."),
            _("Changing `x` in place: the caller's array is lost."),
        ),
        "dropout_layers": (
            _(
                "A Dropout layer acts on the outputs of the layer before it: one stands behind each hidden layer, "
                "none on the input or the output."
            ),
            _("A Dropout behind the output: probabilities are erased."),
            _("One Dropout only, or one before the first layer."),
        ),
        "repair": (
            _(
                "What stands between the first and the last `Dense` layer is kept, with the rate 1 − q; layers are "
                "copied by their configuration, and weights are set in the copy."
            ),
            _(
                "Putting the layers of `model` themselves into the new model, or setting `layer.rate`: the original"
                " changes."
            ),
            _("Numbers written out (784, 64, 0.2): other models come with other sizes and rates."),
        ),
        "uncertainty": (
            _(
                "Each call with `training=True` draws a new mask; mean and standard deviation are taken over the "
                "passes, the first axis."
            ),
            _("`predict`, which turns Dropout off: the deviation is then 0."),
            _("The wrong axis, or one pass that is repeated `n` times."),
        ),
        "choose_rate": (
            _(
                "Each round starts from the same weights; the rate to keep is that of the lowest validation cross-"
                "entropy, averaged over the last ten epochs."
            ),
            _("Choosing by the training loss: it always prefers no Dropout."),
            _("The last epoch alone: it scatters twice as much."),
        ),
        "dropout_gap": (
            _(
                "A moderate rate behind both hidden layers makes the gap smaller, and the loss on new images does "
                "not rise."
            ),
            _("A very high rate: the gap is gone, and so is what was learnt."),
            _("A penalty or smaller layers besides: Dropout alone is asked for."),
        ),
    },
    "challenge": {
        "stop_early": (
            _(
                "It watches `val_crossentropy`, which has no penalty in it, waits a few epochs, and goes back to "
                "the best weights."
            ),
            _("`val_loss`: with a penalty it goes on falling while predictions get worse."),
            _("Leaving out `restore_best_weights=True`: the model keeps the last weights."),
        ),
        "adamw": (
            _(
                "With the penalty in the loss, 2λw is added to the gradient; decoupled decay takes ηλw off beside "
                "the step. Adam divides the gradient, and the penalty with it: no coefficient makes the two equal."
            ),
            _("Forgetting the 2 of the derivative, or the learning rate in the decay."),
            _("`w -= …`: the array that was given is changed."),
        ),
        "challenge": (
            _(
                "L2 holds back the large weights, Dropout keeps units from relying on one another; both at a "
                "moderate strength do better than either at an extreme."
            ),
            _("Watching the gap alone: a model that collapses has none."),
            _("Fewer than 300,000 trainable parameters: capacity was chapter 1."),
        ),
    },
    "beyond": {
        "custom": (
            _(
                "The squares are summed over all axes but the last, the root is taken of each unit's sum, then the "
                "roots are added up; `get_config` gives back what the constructor takes."
            ),
            _("The root of the sum of everything: one group in place of one for each unit."),
            _("NumPy inside `__call__`: Keras cannot take its gradient."),
        ),
        "orthogonal": (
            _('The weights that enter a unit are a column of the kernel: `mode="columns"`.'),
            _('The default mode, `"rows"`: 784 vectors cannot be perpendicular in 128 dimensions.'),
        ),
        "noise_layers": (
            _(
                "Whole maps: `SpatialDropout2D`; mean and variance of SELU: `AlphaDropout`; multiplied and never "
                "zero: `GaussianDropout`. Each stands behind the activation it acts on."
            ),
            _("`GaussianNoise`, which adds noise in place of multiplying."),
            _("Forgetting `lecun_normal`: SELU then keeps neither mean nor variance."),
        ),
    },
}
