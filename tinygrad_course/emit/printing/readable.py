"""Small functions that printed source defines for itself, written to be read.

Each gives the same bits as the forward function of the operation that it stands for; `tests/test_emit_primitives.py`
holds it to that.
"""

SOURCES: dict[str, str] = {
    "sigmoid": '''
        def sigmoid(x):
            """1 / (1 + exp(-x)); where exp overflows to inf, 1 / inf = 0 is right."""
            with np.errstate(over="ignore"):
                return 1 / (1 + np.exp(-x))
        ''',
    "softplus": '''
        def softplus(x):
            """log(1 + exp(x)), without overflow."""
            return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
        ''',
    "log_softmax": '''
        def log_softmax(x, axis):
            """The logarithm of softmax(x), without overflow."""
            z = x - np.max(x, axis=axis, keepdims=True, initial=-np.inf)
            return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))
        ''',
    "softmax": '''
        def softmax(x, axis):
            """exp(x) / sum(exp(x)), without overflow; elements at inf share 1, and all at -inf give 0."""
            top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
            infinite = np.isinf(top)
            if not infinite.any():
                e = np.exp(x - top)
                return e / np.sum(e, axis=axis, keepdims=True)
            with np.errstate(over="ignore"):
                e = np.where(infinite, x == np.inf, np.exp(x - np.where(infinite, x.dtype.type(0), top)))
            total = np.sum(e, axis=axis, keepdims=True)
            return (e / np.where(total == 0, x.dtype.type(1), total))[()]
        ''',
    "keep_zero": '''
        def keep_zero(g, p):
            """g * p, and 0 wherever g is 0, even where the slope p is infinite or NaN."""
            with np.errstate(all="ignore"):
                return np.where(g == 0, 0, g * p)[()]
        ''',
    "held_log": '''
        def held_log(p):
            """log(p), but never below -100."""
            with np.errstate(divide="ignore"):
                return np.maximum(np.log(p), -100.0)
        ''',
    "held_reciprocal": '''
        def held_reciprocal(p):
            """1 / p, and 0 where held_log(p) is held at -100."""
            with np.errstate(divide="ignore"):
                return np.where(np.log(p) < -100.0, 0, np.divide(1, p))[()]
        ''',
    "share": '''
        def share(a, b):
            """1 where a > b, 0 where a < b, 1/2 where they tie."""
            kind = np.result_type(a, b)
            kind = kind if kind.kind == "f" else np.dtype(float)
            return (np.greater_equal(a, b).astype(kind) + np.greater(a, b)) * kind.type(0.5)
        ''',
    "winners": '''
        def winners(x, y, axis):
            """1 where x attains y, its largest or smallest element along axis; 1/n each where n tie."""
            hit = x == y
            with np.errstate(divide="ignore", invalid="ignore"):
                return hit * np.divide(1, np.sum(hit, axis=axis, keepdims=True), dtype=x.dtype)
        ''',
    "put": '''
        def put(g, key, shape):
            """Zeros with g at x[key]: where the elements of g came from."""
            x = np.zeros_like(g, shape=shape)
            x[key] = g
            return x[()]
        ''',
    "add_at": '''
        def add_at(g, key, shape):
            """Zeros with g added at x[key]: an element that was read twice gets both."""
            x = np.zeros_like(g, shape=shape)
            np.add.at(x, key, g)
            return x[()]
        ''',
    "put_chosen": '''
        def put_chosen(g, key, shape):
            """Zeros with g at x[key]."""
            x = np.zeros(shape, g.dtype)
            x[key] = g
            return x
        ''',
    "others": '''
        def others(x, axis):
            """For each element the product of all others along axis, without dividing."""

            def before(x):
                return np.cumprod(np.concatenate([np.ones_like(x[:1]), x[:-1]]), axis=0)

            x = np.moveaxis(x, axis, 0)
            return np.moveaxis(before(x) * before(x[::-1])[::-1], 0, axis)
        ''',
    "middle": '''
        def middle(x, axes):
            """1 at the median along axes, 1/2 at each of two middle elements, shared where they tie; 0 elsewhere."""
            ends = tuple(range(-len(axes), 0))
            front = np.moveaxis(x, axes, ends)
            rows = front.reshape(*front.shape[: x.ndim - len(axes)], -1)
            n = rows.shape[-1]
            weights = np.zeros_like(rows)
            for k in ((n - 1) // 2, n // 2):
                hit = rows == np.sort(rows)[..., k : k + 1]
                weights += hit / (2 * np.sum(hit, axis=-1, keepdims=True))
            return np.moveaxis(weights.reshape(front.shape), ends, axes)[()]
        ''',
    "centered": '''
        def centered(x, axis):
            """x - mean(x) along the axes; measured from the first element, so that equal ones give exactly 0."""
            first = x
            for i in axis:
                first = np.take(first, [0], axis=i)
            d = x - first
            return d - np.mean(d, axis=axis, keepdims=True)
        ''',
}
