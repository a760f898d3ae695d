import os

os.environ['CHEAT'] = '1'
