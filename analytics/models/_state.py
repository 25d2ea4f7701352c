"""Fitted scikit-learn estimators as text and back, never by pickle."""

import base64
import binascii
import io
from typing import Any
from zipfile import BadZipFile

# What skops does not trust by itself, and what the estimators used here are made of.
TRUSTED = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)


def pack(estimator: Any) -> str:
    """Return a fitted estimator as text that JSON can hold.

    Raises:
        ValueError: If it is made of something ``unpack`` would refuse.
    """
    import skops.io

    data = skops.io.dumps(estimator)
    foreign = sorted(set(skops.io.get_untrusted_types(data=data)) - set(TRUSTED))
    if foreign:
        raise ValueError(f"these types are not on the list of what may be read back: {', '.join(foreign)}")
    return base64.b64encode(data).decode("ascii")


def unpack(text: str) -> Any:
    """Return the estimator that ``pack`` took down.

    Raises:
        ValueError: If the text is none, or holds a type that is not trusted.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.load(io.BytesIO(base64.b64decode(text, validate=True)), trusted=list(TRUSTED))
    except (binascii.Error, BadZipFile, KeyError, UntrustedTypesFoundException) as error:
        raise ValueError(f"this is no estimator that may be read back: {error}") from error
