"""Go's text templates, as `line_format` and `label_format` use them."""

from obstack_lab.telemetry.logql.template.engine import Template, compile_template
from obstack_lab.telemetry.logql.template.errors import TemplateError

__all__ = ["Template", "TemplateError", "compile_template"]
