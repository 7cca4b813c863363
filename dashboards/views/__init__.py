"""One blueprint per audience. A view parses its parameters, calls one function, and renders."""
