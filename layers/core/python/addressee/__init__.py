"""Addressee: events -> profiles -> models -> decisions -> emails -> feedback."""
