"""The settings of an nbgrader course that assigns minikan's chapters: copy this file into the course folder.

The sources are the complete notebooks of `tutorial/solutions/`. nbgrader clears their solutions by itself; cells
tagged `solution-only` are remarks on the answers, and one preprocessor more takes them out, too.
"""

from nbconvert.preprocessors import TagRemovePreprocessor
from nbgrader.converters.generate_assignment import GenerateAssignment

usual = GenerateAssignment.class_traits()["preprocessors"].default()

c = get_config()  # noqa: F821 (nbgrader defines it)
c.CourseDirectory.course_id = "minikan"
c.TagRemovePreprocessor.enabled = True
c.TagRemovePreprocessor.remove_cell_tags = {"solution-only"}
c.GenerateAssignment.preprocessors = [TagRemovePreprocessor, *usual]
