"""What a graph answers, as text, JSON, Markdown, HTML: one module a subject, one function a form.

Each form takes the same model: an `foedus.explain.Explanation`, an answer's rows with their
`foedus.explain.rows.RowSupport`, an `foedus.whatif.Outcome`, a `foedus.report.Report`. Pages are
templates (`foedus.render.pages`); what a terminal or a program reads is made line by line.
"""
