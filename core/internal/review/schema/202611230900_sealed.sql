-- Reasons and words are sealed from here on: the program rewrote the rows before this file. It changes no table.
SELECT 1;
