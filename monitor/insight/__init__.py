"""Figures about the network: pictures, counts, KPIs."""
