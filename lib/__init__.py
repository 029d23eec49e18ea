"""The library behind the dashboard; forecast jobs import it too."""
