"""The ground floor: everything here works without knowing a word about support."""
