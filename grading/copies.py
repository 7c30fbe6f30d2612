"""Cells that a student copied."""

from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor


class ForgetCopies(NbGraderPreprocessor):
    """Make plain cells of those whose id nbgrader has taken away, because a later cell has the same.

    Copy and paste in JupyterLab copies nbgrader's id too. nbgrader keeps the last cell of that id and empties the
    metadata of the others; `add_missing_cells` then stops at them with ``KeyError: 'grade_id'``, and there is no grade.
    """

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        if "nbgrader" in cell.metadata and not cell.metadata["nbgrader"].get("grade_id"):
            del cell.metadata["nbgrader"]
        return cell, resources
