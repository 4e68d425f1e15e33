"""Small tools without a word of the domain and without models."""
