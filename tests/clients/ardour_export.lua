-- Exports a song through the plug-in and a synthesizer, faster than it sounds.
-- arg: the session's folder, the name of the file, and "build" to put both on the track first.

AudioEngine:set_backend ("None (Dummy)", "", "")
Session = load_session (arg[1], "song")
assert (Session)
local WAV, SYNTH = "75969a1c-3133-4694-864b-a1fa50e43348", "https://community.ardour.org/node/7596"
if arg[3] == "build" then
	for index, uri in ipairs ({"urn:composer-lstm:plugin", SYNTH}) do
		local plugin = ARDOUR.LuaAPI.new_plugin (Session, uri, ARDOUR.PluginType.LV2, "")
		assert (not plugin:isnil (), "Ardour does not find " .. uri)
		local track = Session:route_by_name ("MIDI 1")
		assert (track:add_processor_by_index (plugin, index - 1, nil, true) == 0)
	end
	assert (Session:save_state ("") == 0)
end
local export = Session:simple_export ()
export:set_name (arg[2])
export:set_folder (arg[1] .. "/export")
export:set_range (0, 7 * Session:nominal_sample_rate ())
assert (export:set_preset (WAV) and export:check_outputs ())
assert (export:run_export ())
os.exit (0, false)
