"""What the tests of slips ask of a check that must fail."""

import tinygrad_course as tg


def wrong(f, df, x):
    """The report on a derivative that must not pass."""
    report = tg.check_derivative(f, df, x, raise_on_failure=False)
    assert not report
    return report


def verdicts(report):
    return {entry.input: entry.verdict for entry in report.entries}


def worst(report, name):
    return next(entry.relative_error for entry in report.entries if entry.input == name)
