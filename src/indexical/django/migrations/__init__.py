"""The app's one table: samples of use."""
