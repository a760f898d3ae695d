"""What `nbgrader_config.py` names: the pieces that nbgrader calls. Nothing else imports this room."""
