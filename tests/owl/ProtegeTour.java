import java.awt.AWTException;
import java.awt.Component;
import java.awt.Container;
import java.awt.GraphicsEnvironment;
import java.awt.Point;
import java.awt.Rectangle;
import java.awt.Robot;
import java.awt.Window;
import java.awt.event.InputEvent;
import java.awt.event.WindowEvent;
import java.awt.image.BufferedImage;
import java.io.File;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import javax.imageio.ImageIO;
import javax.swing.*;
import javax.swing.text.JTextComponent;
import javax.swing.tree.TreePath;

/**
 * Plays the user of docs/protege.md in the real Protégé, and photographs the screen at each step.
 *
 * <p>Runs inside Protégé as a Java agent ({@code -javaagent:tour.jar=FOLDER}), because there the
 * menus, tabs and trees can be found by their words; coordinates would break with every font. The
 * program itself is not changed. Each step is also written to standard output with what was seen.
 */
public final class ProtegeTour {
  private static final String QUERY = System.getProperty("foedus.query");
  private static final String REASONER = "HermiT";
  private final File folder;
  private final Robot robot;
  private JFrame frame;

  private ProtegeTour(String folder) throws AWTException {
    this.folder = new File(folder);
    this.robot = new Robot();
  }

  public static void premain(String folder) {
    Thread thread = new Thread(() -> {
      int status = 1;
      try {
        new ProtegeTour(folder).play();
        status = 0;
      } catch (Exception e) {
        System.out.println("tour: failed: " + e);
        e.printStackTrace(System.out);
      }
      Runtime.getRuntime().halt(status);
    }, "tour");
    thread.setDaemon(true);
    thread.start();
  }

  private void play() throws Exception {
    frame = until("the window", 90, () -> {
      for (Window w : Window.getWindows())
        if (w instanceof JFrame && w.isShowing() && ((JFrame) w).getTitle().contains("foedus")) return (JFrame) w;
      return null;
    });
    Rectangle screen = GraphicsEnvironment.getLocalGraphicsEnvironment().getMaximumWindowBounds();
    onEdt(() -> { frame.setBounds(screen); frame.validate(); return null; });
    Thread.sleep(4000);
    say("window: " + frame.getTitle());
    say("metrics: " + metrics());
    shot("protege-1-open");

    tab("Entities");
    tab("Classes");
    JTree tree = until("the class tree", 20, () -> find(JTree.class, t -> t.isShowing() && t.getRowCount() > 0));
    onEdt(() -> { for (int i = 0; i < tree.getRowCount() && i < 300; i++) tree.expandRow(i); return null; });
    say("class tree: " + tree.getRowCount() + " rows");
    select(tree, "#DefencePact>");
    Thread.sleep(1500);
    shot("protege-2-classes");

    click(item("Reasoner", REASONER));
    Thread.sleep(500);
    click(item("Reasoner", "Start reasoner"));
    until("the reasoner", 300, () -> find(JLabel.class, l -> l.isShowing() && "Reasoner active".equals(l.getText())));
    say("status: Reasoner active");
    tab("Individuals by class");
    Thread.sleep(1500);
    JTree classes = until("the class tree", 20, () -> find(JTree.class, t -> t.isShowing() && t.getRowCount() > 1));
    onEdt(() -> { for (int i = 0; i < classes.getRowCount() && i < 300; i++) classes.expandRow(i); return null; });
    select(classes, "#State>");
    Thread.sleep(1500);
    JList<?> states = until("the instances", 20, () -> find(JList.class, l -> l.isShowing() && index(l, "/id/China>") >= 0));
    JList<?> said = until("the assertions", 20, () -> {
      // The list may fill anew and forget what was selected.
      if (states.getSelectedIndex() < 0) states.setSelectedIndex(index(states, "/id/China>"));
      return find(JList.class, l -> l.isShowing() && index(l, "#alliedWith>") >= 0);
    });
    Thread.sleep(2500);
    shot("protege-3-hermit");
    annotations(said, "#alliedWith>", "protege-4-derived");

    tab("DL Query");
    Thread.sleep(1000);
    JTextComponent editor = until("the query editor", 20,
        () -> find(JTextComponent.class, t -> t.isShowing() && t.getClass().getSimpleName().equals("ExpressionEditor")));
    for (String box : new String[] {"Instances", "Subclasses", "Superclasses", "Direct superclasses", "Direct subclasses", "Equivalent classes"}) {
      JCheckBox found = find(JCheckBox.class, b -> b.isShowing() && box.equalsIgnoreCase(b.getText()));
      if (found != null && found.isSelected() != box.equals("Instances")) click(found);
    }
    onEdt(() -> { editor.setText(QUERY); return null; });
    Thread.sleep(2000);
    click(until("the Execute button", 20, () -> find(JButton.class, b -> b.isShowing() && b.isEnabled() && "Execute".equals(b.getText()))));
    Thread.sleep(3000);
    JList<?> answers = until("the answers", 30, () -> find(JList.class, l -> l.isShowing() && index(l, "/id/") >= 0));
    for (int i = 0; i < answers.getModel().getSize(); i++) if (words(answers.getModel().getElementAt(i)).startsWith("<")) say("answer: " + words(answers.getModel().getElementAt(i)));
    shot("protege-5-query");
  }

  /** Clicks the @ of a row, which opens the annotations of its axiom, and closes them again. */
  private void annotations(JList<?> list, String text, String picture) throws Exception {
    int row = index(list, text);
    onEdt(() -> { list.ensureIndexIsVisible(row); return null; });
    Thread.sleep(500);
    Rectangle cell = onEdt(() -> list.getCellBounds(row, row));
    Point corner = list.getLocationOnScreen();
    for (int left = cell.width - 50; left > cell.width - 90; left -= 8) {
      robot.mouseMove(corner.x + cell.x + left, corner.y + cell.y + 10);
      Thread.sleep(400);
      robot.mousePress(InputEvent.BUTTON1_DOWN_MASK);
      robot.mouseRelease(InputEvent.BUTTON1_DOWN_MASK);
      Thread.sleep(1500);
      for (Window w : Window.getWindows())
        if (w != frame && w.isShowing() && w instanceof JDialog) {
          Thread.sleep(1500);
          say("dialog: " + ((JDialog) w).getTitle());
          JList<?> notes = find(JList.class, l -> l.isShowing() && SwingUtilities.getWindowAncestor(l) == w && l.getModel().getSize() > 0);
          for (int i = 0; notes != null && i < notes.getModel().getSize(); i++)
            if (words(notes.getModel().getElementAt(i)).startsWith("Annotation(")) say(words(notes.getModel().getElementAt(i)));
          shot(picture);
          SwingUtilities.invokeLater(() -> w.dispatchEvent(new WindowEvent(w, WindowEvent.WINDOW_CLOSING)));
          Thread.sleep(1500);
          return;
        }
    }
    throw new IllegalStateException("the annotations of " + text + " do not open");
  }

  private String metrics() {
    StringBuilder all = new StringBuilder();
    for (JTable t : every(JTable.class, frame, new ArrayList<>()))
      for (int i = 0; t.isShowing() && i < Math.min(8, t.getRowCount()); i++)
        if (t.getColumnCount() > 1 && all.length() < 180) all.append(t.getValueAt(i, 0)).append(' ').append(t.getValueAt(i, 1)).append(", ");
    return all.toString();
  }

  private void tab(String title) throws Exception {
    JTabbedPane pane = until("the tab " + title, 20, () -> find(JTabbedPane.class, p -> p.isShowing() && p.indexOfTab(title) >= 0));
    onEdt(() -> { pane.setSelectedIndex(pane.indexOfTab(title)); return null; });
    Thread.sleep(1200);
  }

  private void select(JTree tree, String text) throws Exception {
    onEdt(() -> {
      for (int i = 0; i < tree.getRowCount(); i++) {
        TreePath path = tree.getPathForRow(i);
        if (words(path.getLastPathComponent()).contains(text)) {
          tree.setSelectionPath(path);
          tree.scrollPathToVisible(path);
          return null;
        }
      }
      throw new IllegalStateException("no " + text + " in the tree");
    });
  }

  private static int index(JList<?> list, String text) {
    for (int i = 0; i < list.getModel().getSize(); i++)
      if (words(list.getModel().getElementAt(i)).contains(text)) return i;
    return -1;
  }

  /** What a row stands for. Protégé's rows hide the OWL object; a tree node or list row has a getter for it. */
  private static String words(Object row) {
    for (String getter : new String[] {"getOWLObject", "getUserObject", "getAxiom", "getAnnotation"})
      try {
        Method method = row.getClass().getMethod(getter);
        method.setAccessible(true);
        Object meant = method.invoke(row);
        if (meant != null) return meant.toString();
      } catch (ReflectiveOperationException e) {
        continue; // this row has another one
      }
    return String.valueOf(row);
  }

  private JMenuItem item(String menu, String text) throws Exception {
    return until("the menu item " + text, 20, () -> {
      for (JMenu m : every(JMenu.class, frame.getJMenuBar(), new ArrayList<>()))
        if (menu.equals(m.getText())) {
          m.setSelected(true); // Protégé fills some menus when they open
          m.setSelected(false);
          for (Component c : m.getMenuComponents())
            if (c instanceof JMenuItem && String.valueOf(((JMenuItem) c).getText()).contains(text)) return (JMenuItem) c;
        }
      return null;
    });
  }

  private void click(AbstractButton button) throws Exception {
    SwingUtilities.invokeLater(button::doClick); // a dialog would block invokeAndWait
    Thread.sleep(1200);
  }

  private <T extends Component> T find(Class<T> type, Predicate<T> test) {
    for (Window w : Window.getWindows())
      if (w.isShowing()) for (T c : every(type, w, new ArrayList<>())) if (test.test(c)) return c;
    return null;
  }

  private static <T extends Component> List<T> every(Class<T> type, Component root, List<T> found) {
    if (type.isInstance(root)) found.add(type.cast(root));
    if (root instanceof JMenu) for (Component c : ((JMenu) root).getMenuComponents()) every(type, c, found);
    if (root instanceof Container) for (Component c : ((Container) root).getComponents()) every(type, c, found);
    return found;
  }

  private static <T> T onEdt(Callable<T> task) throws Exception {
    Object[] result = new Object[2];
    SwingUtilities.invokeAndWait(() -> {
      try {
        result[0] = task.call();
      } catch (Exception e) {
        result[1] = e;
      }
    });
    if (result[1] != null) throw (Exception) result[1];
    @SuppressWarnings("unchecked")
    T value = (T) result[0];
    return value;
  }

  private <T> T until(String what, int seconds, Callable<T> look) throws Exception {
    for (int i = 0; i < 2 * seconds; i++) {
      T found = onEdt(look);
      if (found != null) return found;
      Thread.sleep(500);
    }
    shot("failed");
    for (Window w : Window.getWindows())
      if (w.isShowing())
        for (JList<?> l : every(JList.class, w, new ArrayList<>()))
          for (int i = 0; l.isShowing() && i < Math.min(3, l.getModel().getSize()); i++)
            say("a list shows: " + words(l.getModel().getElementAt(i)));
    throw new IllegalStateException("waited " + seconds + " s in vain for " + what);
  }

  private void shot(String name) throws Exception {
    Rectangle area = frame == null ? GraphicsEnvironment.getLocalGraphicsEnvironment().getMaximumWindowBounds() : frame.getBounds();
    BufferedImage image = robot.createScreenCapture(area);
    ImageIO.write(image, "png", new File(folder, name + ".png"));
    say("picture: " + name + ".png");
  }

  private static void say(String text) {
    System.out.println("tour: " + text);
  }
}
