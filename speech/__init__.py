"""The speech process: hears words of flagged speakers and looks at frames of cameras, where ops have switched it on."""
