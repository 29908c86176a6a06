package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// Configuration writes the keys of rempart.yaml from the comments of their structs.
func Configuration(root string) (string, error) {
	structs := map[string]*ast.StructType{}
	docs := map[string]string{}
	for prefix, path := range map[string]string{"": "app/config.go", "mail.": "kit/mail/config.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return "", err
		}
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				if t, ok := s.(*ast.TypeSpec); ok {
					if st, ok := t.Type.(*ast.StructType); ok {
						structs[prefix+t.Name.Name] = st
						docs[prefix+t.Name.Name] = g.Doc.Text()
					}
				}
			}
		}
	}
	var b strings.Builder
	b.WriteString("# Configuration\n\n" + strings.TrimPrefix(docs["Config"], "Config is the whole configuration: ") + "\n`rempart config check` tells every mistake at once, with its line.\n" + note)
	b.WriteString("\n| key | variable | |\n|---|---|---|\n")
	writeKeys(&b, structs, structs["Config"], "")
	return b.String(), nil
}

func writeKeys(b *strings.Builder, structs map[string]*ast.StructType, st *ast.StructType, prefix string) {
	for _, f := range st.Fields.List {
		if f.Tag == nil {
			continue
		}
		tag, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			continue
		}
		key := prefix + reflect.StructTag(tag).Get("yaml")
		if inner := structs[typeName(f.Type)]; inner != nil {
			writeKeys(b, structs, inner, key+".")
			continue
		}
		text := strings.Join(strings.Fields(f.Doc.Text()), " ")
		fmt.Fprintf(b, "| `%s` | `REMPART_%s` | %s |\n", key, strings.ToUpper(strings.ReplaceAll(key, ".", "_")), cell(text))
	}
}

func typeName(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.SelectorExpr:
		if p, ok := t.X.(*ast.Ident); ok {
			return p.Name + "." + t.Sel.Name
		}
	}
	return ""
}
