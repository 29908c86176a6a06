-- What was given, and is given again. milli: the cost, in thousandths of epsilon. month: whose budget paid it.
CREATE TABLE statistics_release (
  org      TEXT NOT NULL,
  measure  TEXT NOT NULL,
  period   TEXT NOT NULL,
  milli    INTEGER NOT NULL,
  month    TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  PRIMARY KEY (org, measure, period, milli)
) STRICT;

-- Its figures, noise included: a true count is never kept.
CREATE TABLE statistics_figure (
  org     TEXT NOT NULL,
  measure TEXT NOT NULL,
  period  TEXT NOT NULL,
  milli   INTEGER NOT NULL,
  part    TEXT NOT NULL,  -- id of the group
  value   INTEGER NOT NULL,
  PRIMARY KEY (org, measure, period, milli, part)
) STRICT;

-- What each organization spent, by calendar month, in thousandths of epsilon.
CREATE TABLE statistics_budget (
  org   TEXT NOT NULL,
  month TEXT NOT NULL,
  spent INTEGER NOT NULL,
  PRIMARY KEY (org, month)
) STRICT;
