"""The one error a learner meets: a sentence that says what to do, without a traceback."""


class WorkshopError(Exception):
    """Something a learner can repair: what we saw, on which thing, what to do.

    In a notebook (IPython) only the sentence is shown. Anything that is not repairable by a
    learner is raised as it is, so that nothing is hidden.
    """

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython prints in place of a traceback."""
        return [f"{type(self).__name__}: {self}"]
