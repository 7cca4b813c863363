"""Many sessions under one tariff at once, in whole numbers: the same amounts as `pricing.price`, to the last digit."""
