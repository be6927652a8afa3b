"""How every class of settings is read: `TURNSTILE_<NAME>` from the environment, its docstring as documentation."""

from typing import Final

from pydantic_settings import SettingsConfigDict

FROM_ENVIRONMENT: Final = SettingsConfigDict(
    env_prefix="TURNSTILE_",
    extra="ignore",
    frozen=True,
    use_attribute_docstrings=True,
    protected_namespaces=(),
    validate_by_name=True,
)
