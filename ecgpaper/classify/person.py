"""Age and sex as features: voltages and normal limits depend on both.

Public: `person_features`, `N_PERSON_FEATURES`.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.classify.inputs import Float32Array

N_PERSON_FEATURES = 4
# Age is given as its distance from this,
_MIDDLE_YEARS = 60.0
# divided by this.
_SPREAD_YEARS = 20.0
# The oldest person whose age is known reached 122 years.
_OLDEST_YEARS = 122.0
_SEX = {"Female": -1.0, "Male": 1.0}


def person_features(age_years: float | None, sex: str | None) -> Float32Array:
    """Describe a person.

    Returns
    -------
    ndarray of float32, of shape (4,)
        Age about 60 years, in units of 20; 1 if it is known; -1 for women, 1 for men; 1 if the sex
        is known. What is not known, or cannot be, is 0.
    """
    has_age = age_years is not None and 0 <= age_years <= _OLDEST_YEARS
    age = (age_years - _MIDDLE_YEARS) / _SPREAD_YEARS if has_age and age_years is not None else 0.0
    value = _SEX.get(sex or "", 0.0)
    return np.array([age, float(has_age), value, abs(value)], dtype=np.float32)
