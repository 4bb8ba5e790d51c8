"""What a hybrid quantum/classical program is written with: circuits, jobs, and the stack of services that runs them.

``qat`` is an extensible package: other distributions install their services into ``qat/…`` and are found there.
"""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)

from qat.modules import register_modules

register_modules()
