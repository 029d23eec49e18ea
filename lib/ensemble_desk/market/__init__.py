"""What a price is: bars, timeframes, features and labels; pure."""
