"""The audit: who did what to what, in one chain that nobody can change without being noticed."""
