// Package ui is how the product looks: the frame around every page, the components that pages are built of, their style
// sheet, their one small script.
//
// Owns: layout, components, colours, type, icons, the choice of colours, the note shown after a redirect, the look of errors. Must not know: any module. Start reading at: Render, then Layout, then Field.
//
// # A page
//
// A handler renders a component; the component calls Layout (signed in) or Bare (not signed in: one centred card) and
// writes the body. Layout draws the title (h1), the lead, the way back, the note, the error summary, the menu and the footer:
//
//	func (p pages) list(w http.ResponseWriter, r *http.Request) error {
//		...
//		return ui.Render(w, r, http.StatusOK, membersPage(view))
//	}
//
//	templ membersPage(v view) {
//		@ui.Layout(ui.Page{Title: tMembers.In(ctx), Lead: tLead.In(ctx), Section: ui.Members, Wide: true,
//			Actions: ui.Link{Label: tInvite.In(ctx), Href: v.inviteURL, Kind: ui.Primary, Icon: "plus"}}) {
//			...
//		}
//	}
//
// The organization of the page is the {org} of its path; the switcher and the menu follow it.
//
// # Components
//
// A component is a struct; its zero value is usable and its fields say everything. One without children is written as it is,
// one with children stands in parentheses (the template language needs them):
//
//	@ui.Field{Name: "email", Label: tEmail.In(ctx), Type: "email", Complete: "username", Value: v.Email, Error: v.Problems.For("email")}
//	@ui.Button{Label: tSave.In(ctx), Kind: ui.Primary}
//	@(ui.Card{Title: tDevices.In(ctx)}) {
//		...
//	}
//
// Forms: Form (children), Field, TextArea, Select, Checkbox, Radios, Checks, Password (with Rule), Button, Link, Actions().
// Blocks: Card*, Callout*, Empty*, Facts, Stat in Stats(), Finding, Steps, Tabs, More(), Split(), Secret, Dialog*, Progress, QR,
// Chart, Fragment* (* takes children). Inline: Badge, Time, Person, PersonLink, Words, Faint, To, Mono, Line, Icon.
// May(ctx, permission) hides what the person could not do; ToIf links only where they may go; Exact and Ago write moments.
// Lists: Chips, Table (Column, Row, Cell), Pager. Icons by name are in icons.templ.
//
// # A form that comes back
//
// A form posts; on success the handler answers ui.Redirect(w, r, to, note), which is a 303 and shows the note once on the next page.
// On an error that is the sender's (ui.Shown(err)) it renders the same page again with status 422 and what was typed,
// except passwords: Page.Problems = ui.ProblemsOf(ctx, err) draws the summary on top, linked to the fields by their names, and each
// field shows its own with Error: problems.For("email"). Any other error is returned: edge shows it with ErrorPage.
//
//	if err := p.do(r); ui.Shown(err) {
//		v.Problems = ui.ProblemsOf(r.Context(), err)
//		return ui.Render(w, r, http.StatusUnprocessableEntity, page(v))
//	} else if err != nil {
//		return err
//	}
//	return ui.Redirect(w, r, back, tSaved.In(r.Context()))
//
// Radios and Checks have the name of their group as id, the other inputs their own name, so that #name always leads to them.
// Dangerous acts ask with a Dialog (opened by a Button whose Opens is its ID: no script) or on a page of their own.
//
// # A table
//
//	@ui.Table{Caption: tMembers.In(ctx), Columns: []ui.Column{{Label: tName.In(ctx), Key: "name"}, {Label: tState.In(ctx)}},
//		Rows: rows(ctx, v), Sort: v.Sort, SortHref: v.sortHref, None: emptyMembers(v)}
//
// rows is a Go function that fills ui.Row{ID, Label, Href, Cells: []templ.Component{ui.PersonLink(...), ui.Badge{...}, ui.Time{At: t, Relative: true}}}.
// With Select and Bulk (buttons) inside a Form, rows can be ticked and sent together. At 320 px rows become cards, by themselves.
// Classes that pages may use: "flow" (vertical rhythm), "line" (side by side), "split" (two columns), "measure" (comfortable
// text width), "faint" (second importance), "num", "aside" (for screen readers only). No style attribute, no script, no
// colour of one's own: the policy refuses them anyhow.
//
// # The frame
//
// The composition root puts a Frame in each request's context (WithFrame), gives ErrorPage to edge.Config and adds Routes to the
// server; edge sets the language, the nonce and the headers.
package ui
