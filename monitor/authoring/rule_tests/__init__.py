"""`laddvakt rules test`: what rules are to say of readings that an author writes down, tried by the real code."""
