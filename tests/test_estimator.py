"""The estimators pass scikit-learn's own checks, and work wherever its own estimators do."""

import warnings

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from minikan import KANClassifier, KANRegressor

ESTIMATORS = [KANRegressor(), KANClassifier(), KANRegressor(hidden=()), KANClassifier(hidden=())]
with warnings.catch_warnings():  # that they do not inherit from BaseEstimator is meant
    warnings.filterwarnings("ignore", ".*does not inherit from `sklearn.base.BaseEstimator`")
    own_checks = parametrize_with_checks(ESTIMATORS)


@pytest.mark.filterwarnings("ignore:.*does not inherit from `sklearn.base.BaseEstimator`")
@own_checks
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)
