"""The processes of this machine, and others who use joblib in the same program."""

import joblib

from ensemble_desk.work import cores


def test_joblib_goes_on_in_a_program_that_has_trained():
    for _ in range(2):
        with cores.pool(2) as executor:
            assert list(executor.map(abs, [1, -2])) == [1, 2]
        assert joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(number) for number in (-3, 4)) == [3, 4]
