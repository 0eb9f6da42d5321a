/** The widget's script API. `q` holds the calls that a page made before the loader came. */
type ScriptApi = ((name: string, ...rest: any[]) => unknown) & { version?: number; q?: [name: string, ...rest: any[]][] };

interface Window {
  SupportDesk?: ScriptApi;
}
