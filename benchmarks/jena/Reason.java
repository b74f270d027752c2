// Jena's OWL rule reasoner on one file: java -cp ... Reason.java MICRO|MINI TASK FILE OUT
// Prints wall and CPU seconds and the number of triples as JSON.

import java.io.FileOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.jena.rdf.model.InfModel;
import org.apache.jena.rdf.model.Model;
import org.apache.jena.rdf.model.ModelFactory;
import org.apache.jena.reasoner.Reasoner;
import org.apache.jena.reasoner.ReasonerRegistry;
import org.apache.jena.riot.Lang;
import org.apache.jena.riot.RDFDataMgr;

public class Reason {
    static double cpu() {
        var bean = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return bean.getProcessCpuTime() / 1e9;
    }

    public static void main(String[] args) throws Exception {
        Reasoner reasoner = args[0].equals("MICRO")
            ? ReasonerRegistry.getOWLMicroReasoner()
            : ReasonerRegistry.getOWLMiniReasoner();
        boolean engineOnly = args[1].equals("engine");
        Model data = ModelFactory.createDefaultModel();
        if (engineOnly) RDFDataMgr.read(data, args[2], Lang.NTRIPLES);
        double wall = System.nanoTime() / 1e9, cpu = cpu();
        if (!engineOnly) RDFDataMgr.read(data, args[2], Lang.NTRIPLES);
        InfModel closed = ModelFactory.createInfModel(reasoner, data);
        closed.prepare();
        long count = 0;
        var every = closed.listStatements(); // Jena derives the rest on demand: ask for all of it
        while (every.hasNext()) { every.next(); count++; }
        if (args[1].equals("file")) {
            try (var out = new FileOutputStream(args[3])) { RDFDataMgr.write(out, closed, Lang.NTRIPLES); }
        }
        wall = System.nanoTime() / 1e9 - wall;
        cpu = cpu() - cpu;
        long peak = Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("VmHWM")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).sum() / 1024;
        System.out.printf("{\"wall\": %.4f, \"cpu\": %.4f, \"mb\": %d, \"triples\": %d}%n", wall, cpu, peak, count);
    }
}
