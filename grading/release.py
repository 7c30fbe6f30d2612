"""What goes out to students beside a notebook."""

from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor

from .instructor import course_file, read


class AddCourse(NbGraderPreprocessor):
    """Put ``course.toml`` beside the notebook: the course's name and its salt, from the instructor's file."""

    def preprocess(self, notebook: Any, resources: Any) -> tuple[Any, Any]:
        instructor = read()
        if instructor.path is None:
            self.log.warning("No instructor's file: a self-paced release. `python -m grading.instructor` says more.")
        else:
            resources.setdefault("outputs", {})["course.toml"] = course_file(instructor).encode()
        return notebook, resources
