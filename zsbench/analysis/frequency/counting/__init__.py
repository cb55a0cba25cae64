"""Counting concepts in captions: how captions are read and searched, and what is kept of them."""
