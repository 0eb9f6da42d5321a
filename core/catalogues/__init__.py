"""Every sentence that people read, in every language the desk speaks.

Collects sentences from Python and templates, keeps one gettext catalogue per language and says what is wrong with one.
Only the `translations` command and the tests import this package: Babel and polib are
not installed in production.
"""
