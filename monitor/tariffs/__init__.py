"""Tariffs: OCPI tariff objects, the pricing of a session under one of them, and the bill that explains itself."""
