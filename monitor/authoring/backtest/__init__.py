"""`laddvakt rules backtest`: what rules would have said of stored readings, and whom they would have woken."""
