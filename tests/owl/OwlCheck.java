import java.io.File;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.semanticweb.HermiT.ReasonerFactory;
import org.semanticweb.owlapi.apibinding.OWLManager;
import org.semanticweb.owlapi.io.RDFParserMetaData;
import org.semanticweb.owlapi.model.*;
import org.semanticweb.owlapi.profiles.OWLProfileViolation;
import org.semanticweb.owlapi.profiles.Profiles;
import org.semanticweb.owlapi.reasoner.InferenceType;
import org.semanticweb.owlapi.reasoner.OWLReasoner;
import org.semanticweb.owlapi.util.VersionInfo;

/**
 * What the OWLAPI and HermiT say of a file, one finding a line on standard output.
 * The same source compiles against the 4.5 and the 5.x line.
 *
 * <pre>
 *   OwlCheck profile FILE                unparsed triples, undeclared names, OWL 2 DL and RL violations
 *   OwlCheck hermit FILE MARK RULES OUT.nt     consistency, unsatisfiable classes, derived axioms that the
 *                                              others do not entail; all named-class and property assertions
 *                                              that HermiT derives, to OUT.nt
 * </pre>
 * An axiom is derived if it is annotated with MARK, unless the annotation starts with one of RULES
 * (comma-separated): what rules beyond OWL conclude is given to HermiT, not asked of it.
 *
 * A finding starts with its kind; a line that starts with "# " only counts.
 */
public final class OwlCheck {
  private static final String RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
  private static final String OWL = "http://www.w3.org/2002/07/owl#";

  public static void main(String[] args) throws Exception {
    OWLOntology ontology = load(args[1]);
    switch (args[0]) {
      case "profile":
        profile(ontology);
        break;
      case "hermit":
        hermit(ontology, args[2], args[3], args[4]);
        break;
      default:
        throw new IllegalArgumentException("no such check: " + args[0]);
    }
  }

  private static OWLOntology load(String file) throws OWLOntologyCreationException {
    return OWLManager.createOWLOntologyManager().loadOntologyFromOntologyDocument(new File(file));
  }

  private static void profile(OWLOntology ontology) {
    OWLDocumentFormat format = ontology.getOWLOntologyManager().getOntologyFormat(ontology);
    // The two lines differ in what these two calls return: an Optional and a Stream, or the bare thing.
    Object meta = format.getOntologyLoaderMetaData();
    if (meta instanceof Optional) meta = ((Optional<?>) meta).orElse(null);
    if (!(meta instanceof RDFParserMetaData)) throw new IllegalStateException("not read by an RDF parser");
    Object unparsed = ((RDFParserMetaData) meta).getUnparsedTriples();
    (unparsed instanceof Stream ? (Stream<?>) unparsed : ((Collection<?>) unparsed).stream())
        .map(Object::toString).sorted().forEach(t -> say("unparsed", t));

    Set<OWLEntity> declared = new TreeSet<>();
    for (OWLDeclarationAxiom a : ontology.getAxioms(AxiomType.DECLARATION)) declared.add(a.getEntity());
    for (OWLEntity e : new TreeSet<>(ontology.getSignature()))
      if (!e.isBuiltIn() && !declared.contains(e)) say("undeclared", e.getEntityType() + " " + e);

    for (Profiles p : new Profiles[] {Profiles.OWL2_DL, Profiles.OWL2_RL})
      p.checkOntology(ontology).getViolations().stream().map(OWLProfileViolation::toString).sorted()
          .forEach(v -> say(p == Profiles.OWL2_DL ? "dl-violation" : "rl-violation", v));
    System.out.printf(Locale.ROOT, "# OWLAPI %s: %d axioms (%d logical), %d classes, %d object, %d data, "
        + "%d annotation properties, %d individuals%n", VersionInfo.getVersionInfo().getVersion(),
        ontology.getAxiomCount(), ontology.getLogicalAxiomCount(), ontology.getClassesInSignature().size(),
        ontology.getObjectPropertiesInSignature().size(), ontology.getDataPropertiesInSignature().size(),
        ontology.getAnnotationPropertiesInSignature().size(), ontology.getIndividualsInSignature().size());
  }

  /** Takes the derived axioms out of the ontology, and returns them. */
  private static Set<OWLAxiom> takeOut(OWLOntology ontology, String mark, String rules) {
    OWLAnnotationProperty property =
        ontology.getOWLOntologyManager().getOWLDataFactory().getOWLAnnotationProperty(IRI.create(mark));
    Set<OWLAxiom> marked = new TreeSet<>(Comparator.comparing(OWLAxiom::toString));
    Set<String> given = new TreeSet<>(Arrays.asList(rules.split(",")));
    int kept = 0;
    for (OWLAxiom a : ontology.getAxioms())
      for (OWLAnnotation why : a.getAnnotations(property)) {
        if (given.contains(((OWLLiteral) why.getValue()).getLiteral().split(":")[0])) kept++;
        else marked.add(a);
      }
    System.out.printf(Locale.ROOT, "# given: %d axioms by rules beyond OWL (%s)%n", kept, String.join(", ", given));
    ontology.getOWLOntologyManager().removeAxioms(ontology, marked);
    return marked;
  }

  private static void hermit(OWLOntology ontology, String mark, String rules, String out) throws Exception {
    Set<OWLAxiom> derived = takeOut(ontology, mark, rules);
    OWLReasoner reasoner = new ReasonerFactory().createReasoner(ontology);
    if (!reasoner.isConsistent()) {
      say("inconsistent", "HermiT finds no model");
      return;
    }
    for (OWLClass c : new TreeSet<>(reasoner.getUnsatisfiableClasses().getEntities()))
      if (!c.isOWLNothing()) say("unsatisfiable", c.toString());
    int logical = 0;
    for (OWLAxiom a : derived) {
      if (!a.isLogicalAxiom()) continue; // annotations and declarations have no model theory
      logical++;
      OWLAxiom bare = a.getAxiomWithoutAnnotations();
      if (!reasoner.isEntailed(bare)) say("not-entailed", bare.toString());
    }
    Set<String> found = assertions(ontology, reasoner);
    try (PrintWriter w = new PrintWriter(out, "UTF-8")) {
      for (String line : found) w.print(line + "\n");
    }
    System.out.printf(Locale.ROOT, "# HermiT on OWLAPI %s: consistent; %d classes, %d individuals; "
        + "%d derived axioms asked of it, %d of them logical; %d assertions derived by it%n",
        VersionInfo.getVersionInfo().getVersion(), ontology.getClassesInSignature().size(),
        ontology.getIndividualsInSignature().size(), derived.size(), logical, found.size());
  }

  /** Every assertion of a named class, a property or sameness that holds, as N-Triples. */
  private static Set<String> assertions(OWLOntology ontology, OWLReasoner reasoner) {
    reasoner.precomputeInferences(InferenceType.CLASS_ASSERTIONS, InferenceType.OBJECT_PROPERTY_ASSERTIONS);
    Set<String> lines = new TreeSet<>();
    for (OWLNamedIndividual x : ontology.getIndividualsInSignature()) {
      for (OWLClass c : reasoner.getTypes(x, false).getFlattened())
        if (!c.isOWLThing()) lines.add(iri(x) + " <" + RDF + "type> " + iri(c) + " .");
      for (OWLNamedIndividual y : reasoner.getSameIndividuals(x).getEntities())
        if (!y.equals(x)) lines.add(iri(x) + " <" + OWL + "sameAs> " + iri(y) + " .");
      for (OWLObjectProperty p : ontology.getObjectPropertiesInSignature())
        if (!p.isBuiltIn())
          for (OWLNamedIndividual y : reasoner.getObjectPropertyValues(x, p).getFlattened())
            lines.add(iri(x) + " " + iri(p) + " " + iri(y) + " .");
      for (OWLDataProperty p : ontology.getDataPropertiesInSignature())
        if (!p.isBuiltIn())
          for (OWLLiteral v : reasoner.getDataPropertyValues(x, p))
            lines.add(iri(x) + " " + iri(p) + " " + literal(v) + " .");
    }
    return lines;
  }

  private static String iri(OWLEntity e) {
    return "<" + e.getIRI() + ">";
  }

  private static String literal(OWLLiteral v) {
    String text = v.getLiteral().replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\r", "\\r");
    if (v.hasLang()) return "\"" + text + "\"@" + v.getLang();
    if (v.isRDFPlainLiteral()) return "\"" + text + "\""; // the 4.5 line's name for a string
    return "\"" + text + "\"^^<" + v.getDatatype().getIRI() + ">";
  }

  private static void say(String kind, String what) {
    System.out.println(kind + "\t" + what.replace('\n', ' ').replaceAll(" +", " "));
  }
}
