MOVE SILENT $from TO $to
