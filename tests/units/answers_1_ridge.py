"""Answers to the tasks of the second unit's notebook 1_ridge, right and wrong."""

from tests.checks.harness import Wrong

HEAD = """
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
"""


def fit(weights: str, intercept: str = "y.mean() - X.mean(axis=0) @ w", before: str = "") -> str:
    """`ridge_by_hand` with these lines."""
    return f"""{HEAD}
def ridge_by_hand(X, y, alpha):
    n, p = X.shape
    {before}
    w = {weights}
    return w, {intercept}
"""


ONES = "A = np.c_[np.ones(n), X]; P = alpha * np.eye(p + 1)"
CENTRED = "Xc = X - X.mean(axis=0); yc = y - y.mean()"
SOLVED = "np.linalg.solve(Xc.T @ Xc + alpha * np.eye(p), Xc.T @ yc)"


def step(soft: str = "np.sign(z) * np.maximum(np.abs(z) - t, 0)", rest: str = "", end: str = "", line: str = "") -> str:
    """`soft_threshold` and `lasso_step`: what is left over, the result, a line between."""
    return f"""{HEAD}
def soft_threshold(z, t):
    return {soft}
def right(z, t):
    return np.sign(z) * max(abs(z) - t, 0)
def lasso_step(X, y, w, j, alpha):
    n, x = len(y), X[:, j]
    r = {rest or "y - X @ w + x * w[j]"}
    {line}
    return {end or "right(x @ r / n, alpha) / (x @ x / n)"}
"""


FOLDS = "np.array_split(np.arange(n), k)"
ERRORS = """
    table = []
    for held in folds:
        rest = [i for i in range(len(X)) if i not in held]
        model = make_pipeline(StandardScaler(), Ridge())
        table.append([])
        for alpha in alphas:
            model.set_params(ridge__alpha=alpha).fit(X[rest], y[rest])
            table[-1].append(np.mean((y[held] - model.predict(X[held])) ** 2))
    return np.mean(table, axis=0)
"""


def validated(folds: str = FOLDS, errors: str = ERRORS, alpha: str = "31.6") -> str:
    """The three answers of `cross_validation`."""
    return f"""{HEAD}
def make_folds(n, k):
    return {folds}
def cv_errors(X, y, alphas, folds):
{errors}
best_alpha = {alpha}
"""


def by_hand(
    scale: str = "Z, F = (T - m) / s, (X[f] - m) / s",
    error: str = "np.mean(e ** 2)",
    total: str = "/ len(folds)",
    before: str = "",
    at: str = "F, y[f]",
    deviation: str = "T.std(axis=0)",
) -> str:
    """`cv_errors` without scikit-learn."""
    return f"""
    found = [0.0] * len(alphas)
    {before}
    for f in folds:
        t = np.setdiff1d(np.arange(len(X)), f)
        T = X[t]
        m, s = T.mean(axis=0), {deviation}
        {scale}
        A, b = {at}
        for i, alpha in enumerate(alphas):
            C = Z - Z.mean(axis=0)
            w = np.linalg.solve(C.T @ C + alpha * np.eye(Z.shape[1]), C.T @ y[t])
            e = b - y[t].mean() - (A - Z.mean(axis=0)) @ w
            found[i] += {error} {total}
    return found
"""


RIGHT = {
    "ridge_by_hand": {
        "centred": fit(SOLVED, before=CENTRED),
        "scikit-learn's own": fit("m.coef_", "m.intercept_", "m = Ridge(alpha).fit(X, y)"),
        "a column of ones without penalty": fit(
            "v[1:]",
            "v[0]",
            f"{ONES}; P[0, 0] = 0; v = np.linalg.solve(A.T @ A + P, A.T @ y)",
        ),
        "more rows instead of a penalty": fit(
            "np.linalg.lstsq(np.vstack([Xc, alpha ** 0.5 * np.eye(p)]), np.r_[yc, np.zeros(p)], rcond=None)[0]",
            before=CENTRED,
        ),
    },
    "coordinate_step": {
        "formula": step(),
        "cases": step("z - t if z > t else z + t if z < -t else 0", end="n * right(x @ r / n, alpha) / np.sum(x ** 2)"),
        "clipped, sums": step("z - np.clip(z, -t, t)", end="right(x @ r, n * alpha) / (x @ x)"),
        "a copy without the weight": step(rest="y - X @ v", line="").replace(
            "    r = y - X @ v", "    v = w.copy(); v[j] = 0\n    r = y - X @ v"
        ),
    },
    "cross_validation": {
        "pipeline": validated(),
        "by hand": validated("[list(range(i, n, k)) for i in range(k)]", by_hand(), "np.float64(10)"),
        "KFold, shuffled": validated(
            "[held for _, held in KFold(k, shuffle=True, random_state=0).split(np.zeros(n))]", by_hand(), "100"
        ),
    },
}
UNCENTRED = "np.linalg.solve(X.T @ X + alpha * np.eye(p), X.T @ y)"
OLS = "np.linalg.lstsq(Xc, yc, rcond=None)[0]"
WRONG = {
    "ridge_by_hand": {
        "no penalty": Wrong(fit(OLS, before=CENTRED), "weights", "Your weights are those of least squares"),
        "no intercept": Wrong(fit(UNCENTRED, "0.0"), "weights", "Your weights belong to a model"),
        "only y centred": Wrong(fit(UNCENTRED.replace("@ y", "@ (y - y.mean())")), "weights", "You took the mean off"),
        "intercept penalised": Wrong(
            fit("v[1:]", "v[0]", f"{ONES}; v = np.linalg.solve(A.T @ A + P, A.T @ y)"),
            "weights",
            "Your penalty acts on the intercept",
        ),
        "mean of squares": Wrong(
            fit(SOLVED.replace("alpha", "n * alpha"), before=CENTRED), "weights", "Your penalty grows with the number"
        ),
        "half": Wrong(fit(SOLVED.replace("alpha", "alpha / 2"), before=CENTRED), "weights", "Your penalty is half"),
        "alpha everywhere": Wrong(
            fit(SOLVED.replace("* np.eye(p)", ""), before=CENTRED), "weights", "You add `alpha` to every entry"
        ),
        "something else": Wrong(fit("np.ones(p)"), "weights", "`ridge_by_hand` returns other values"),
        "a column": Wrong(
            fit(f"{SOLVED}[:, None]", "0.0", CENTRED), "weights", "`ridge_by_hand` should return an array of"
        ),
        "weights alone": Wrong(
            fit(SOLVED, before=CENTRED).replace("return w, y.mean() - X.mean(axis=0) @ w", "return w"),
            "weights",
            "`ridge_by_hand` should return two things",
        ),
        "NaN": Wrong(fit("np.full(p, np.nan)"), "weights", "`ridge_by_hand` returned a value that is not finite"),
        "mean for intercept": Wrong(fit(SOLVED, "y.mean()", CENTRED), "intercept", "Your intercept is the mean of `y`"),
        "no intercept at the end": Wrong(fit(SOLVED, "0.0", CENTRED), "intercept", "Your intercept is always 0"),
        "sign": Wrong(fit(SOLVED, "y.mean() + X.mean(axis=0) @ w", CENTRED), "intercept", "Look at a sign"),
    },
    "coordinate_step": {
        "hard": Wrong(step("z * (abs(z) > t)"), "soft_threshold", "You keep large values"),
        "no sign": Wrong(step("max(abs(z) - t, 0)"), "soft_threshold", "Your result is never negative"),
        "one side": Wrong(step("max(z - t, 0)"), "soft_threshold", "Your result is 0 for every negative"),
        "not cut": Wrong(step("np.sign(z) * (abs(z) - t)"), "soft_threshold", "Small values change their sign"),
        "minus": Wrong(step("z - t"), "soft_threshold", "You subtract `t` from every"),
        "own part": Wrong(step(rest="y - X @ w"), "lasso_step", "What is left over for weight"),
        "sums": Wrong(step(end="right(x @ r, alpha) / (x @ x)"), "lasso_step", "You take sums"),
        "not divided": Wrong(step(end="right(x @ r / n, alpha)"), "lasso_step", "Your step is right only for"),
        "divided first": Wrong(step(end="right(x @ r / (x @ x), alpha)"), "lasso_step", "You divide by the mean"),
        "least squares": Wrong(step(end="x @ r / (x @ x)"), "lasso_step", "Your step is the one of least squares"),
        "in place": Wrong(step(line="w[j] = 7.0"), "weights_left_alone", "`lasso_step` writes into the array `w`"),
    },
    "cross_validation": {
        "rest left out": Wrong(
            validated("[list(range(i * (n // k), (i + 1) * (n // k))) for i in range(k)]"),
            "every_row_once",
            "Some rows are never held out",
        ),
        "overlap": Wrong(
            validated("[np.arange(i, min(n, i + n // k + 2)) for i in range(k)]"), "every_row_once", "Folds overlap"
        ),
        "training rows": Wrong(
            validated("[np.setdiff1d(np.arange(n), f) for f in np.array_split(np.arange(n), k)]"),
            "every_row_once",
            "Your folds hold the rows to train on",
        ),
        "from one on": Wrong(validated("np.array_split(np.arange(1, n + 1), k)"), "every_row_once", "There is no row"),
        "one fold fewer": Wrong(validated("np.array_split(np.arange(n), k - 1)"), "every_row_once", "`make_folds` ret"),
        "pairs": Wrong(validated("list(KFold(k).split(np.zeros(n)))"), "every_row_once", "`make_folds` should"),
        "last fold takes the rest": Wrong(
            validated("np.split(np.arange(n), [(i + 1) * (n // k) for i in range(k - 1)])"),
            "even_folds",
            "One of your folds",
        ),
        "leak": Wrong(
            validated(errors=by_hand("Z, F = X[t], X[f]", before="X = (X - X.mean(axis=0)) / X.std(axis=0)")),
            "honest_errors",
            "You scale with the mean and the deviation of all",
        ),
        "held-out rows by themselves": Wrong(
            validated(errors=by_hand("Z, F = (T - m) / s, (X[f] - X[f].mean(axis=0)) / X[f].std(axis=0)")),
            "honest_errors",
            "You scale the held-out rows by themselves",
        ),
        "no scaling": Wrong(validated(errors=by_hand("Z, F = T, X[f]")), "honest_errors", "The columns are not scaled"),
        "on training rows": Wrong(validated(errors=by_hand(at="Z, y[t]")), "honest_errors", "You measure the error"),
        "swapped": Wrong(
            validated(errors=by_hand().replace("m, s =", "t, f = f, t; T = X[t]; m, s =")),
            "honest_errors",
            "You train on a fold",
        ),
        "sum": Wrong(validated(errors=by_hand(total="")), "honest_errors", "You add the folds' errors up"),
        "root": Wrong(validated(errors=by_hand(error="np.mean(e ** 2) ** 0.5")), "honest_errors", "You take the root"),
        "sample deviation": Wrong(
            validated(errors=by_hand(deviation="T.std(axis=0, ddof=1)")), "honest_errors", "You divide by the deviation"
        ),
        "too weak": Wrong(validated(alpha="0.01"), "good_alpha", "With your alpha the model still overfits"),
        "nearly": Wrong(validated(alpha="3.2"), "good_alpha", "With your alpha the model still overfits"),
        "too strong": Wrong(validated(alpha="1e4"), "good_alpha", "With your alpha the model underfits"),
        "zero": Wrong(validated(alpha="0"), "good_alpha", "`best_alpha` should be one of"),
        "no number": Wrong(validated(alpha="'thirty'"), "good_alpha", "`best_alpha` should return one number"),
    },
}
